/** An order's status in words, in the colour of where its stock is. */
import '../components/status-badge.css';
import { useQuery } from '@tanstack/react-query';
import type { OrderResponse } from '../../http/responses.ts';
import { workflowQuery } from '../api/queries.ts';
import { orderStatus } from '../texts/codes.ts';

export function OrderStatus({ status }: { status: OrderResponse['status'] }) {
  const { data: workflow } = useQuery(workflowQuery());
  const stock = workflow?.states[status]?.stock;
  return <span className={`status-badge ${stock ? `stock-is-${stock}` : ''}`}>{orderStatus(status)}</span>;
}
