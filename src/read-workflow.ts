/** `OMS_WORKFLOW`: the name of a preset, or the path of a JSON file with a workflow. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { limits } from './limits.ts';
import { checkWorkflow } from './model/check-workflow.ts';
import { WORKFLOWS, type Workflow } from './model/workflow.ts';

/** Relative paths begin at the working directory. */
export function readWorkflow(value: string): { workflow: Workflow } | { faults: string[] } {
  if (Object.hasOwn(WORKFLOWS, value)) return { workflow: WORKFLOWS[value as keyof typeof WORKFLOWS] };
  const path = resolve(value);
  let text: string;
  try {
    const file = statSync(path);
    if (!file.isFile() || file.size > limits.maxWorkflowBytes)
      return { faults: [`is no file of up to ${limits.maxWorkflowBytes} bytes, as a workflow is: correct the path`] };
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const presets = Object.keys(WORKFLOWS).join(', ');
    return {
      faults: [`is neither one of ${presets} nor a file that can be read (${code}): correct the name or the path`],
    };
  }
  try {
    return checkWorkflow(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    return { faults: [`is not JSON: ${oneLine((error as Error).message)}`] };
  }
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 200);
