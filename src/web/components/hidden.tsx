/** In place of personal data that the role may not see, or that were erased: a dash, and the word for screen readers. */
import { orders } from '../texts/orders.ts';

export const Hidden = () => (
  <span title={orders.hidden}>
    <span aria-hidden="true">—</span>
    <span className="for-readers">{orders.hidden}</span>
  </span>
);
