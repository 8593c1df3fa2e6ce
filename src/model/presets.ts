/** The formats that come with the service. They cannot be replaced, but copied under another name and changed. */
import type { Format } from './format.ts';
import { AMAZON } from './presets/amazon.ts';
import { ETSY } from './presets/etsy.ts';
import { OMS } from './presets/oms.ts';
import { SHOPIFY } from './presets/shopify.ts';
import { WOOCOMMERCE } from './presets/woocommerce.ts';

export const PRESETS: ReadonlyMap<string, Format> = new Map(
  [AMAZON, ETSY, OMS, SHOPIFY, WOOCOMMERCE].map((format) => [format.name, format]),
);
