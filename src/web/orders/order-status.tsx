/** An order's status in words. */
import '../components/status-badge.css';
import type { OrderResponse } from '../../http/responses.ts';
import { orderStatus } from '../texts/codes.ts';

export const OrderStatus = ({ status }: { status: OrderResponse['status'] }) => (
  <span className="status-badge">{orderStatus(status)}</span>
);
