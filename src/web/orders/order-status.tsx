/** An order's status in words. */
import '../components/status-badge.css';
import type { OrderAnswer } from '../../http/answers.ts';
import { orderStatus } from '../texts/codes.ts';

export const OrderStatus = ({ status }: { status: OrderAnswer['status'] }) => (
  <span className="status-badge">{orderStatus[status]}</span>
);
