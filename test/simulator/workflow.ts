/** The workflow of the simulations: that of the service, and a way back, so that an order can be on hold again. */
import { WORKFLOWS, type Workflow } from '../../src/model/workflow.ts';

const { states, ...others } = WORKFLOWS.default;

export const WORKFLOW: Workflow = {
  ...others,
  states: { ...states, confirmed: { ...states.confirmed, to: [...states.confirmed.to, 'on_hold'] } },
};
