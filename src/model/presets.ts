/** The formats that come with the service. They cannot be replaced, but copied under another name and changed. */
import type { Format } from './format.ts';
import { OMS } from './presets/oms.ts';

export const PRESETS: ReadonlyMap<string, Format> = new Map([OMS].map((format) => [format.name, format]));
