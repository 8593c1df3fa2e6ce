/**
 * The mistakes in the body of a request, all of them together: each with a JSON pointer to the value. The list is bounded, the count goes
 * on. Source: RFC 6901 (JSON Pointer).
 */
import { limits } from '../limits.ts';
import { shownValue } from '../model/reasons.ts';

export interface Mistake {
  pointer: string;
  code: string;
  detail: string;
}

export class Mistakes {
  readonly list: Mistake[] = [];
  count = 0;

  /** `detail` is only built when it is listed. */
  add(pointer: string, code: string, detail: () => string): void {
    this.count++;
    if (this.list.length < limits.maxMistakes) this.list.push({ pointer, code, detail: detail() });
  }

  /** A member that the object at the pointer must not have. The pointer to one with an endless name stays at the object. */
  addUnknown(parent: string, name: string): void {
    const pointer = name.length > limits.maxPointerNameChars ? parent : pointerTo(parent, name);
    this.add(pointer, 'unknown_field', () => `there is no field ${shownValue(name)} here`);
  }
}

export const pointerTo = (parent: string, name: string): string =>
  `${parent}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
