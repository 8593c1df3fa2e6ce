/** `/orders/{order_id}`: one order and where it came from. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { orderQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Title } from '../layout/title.tsx';

const route = getRouteApi('/orders/$orderId');

export function OrderPage() {
  const { orderId } = route.useParams();
  useQuery({ ...orderQuery(orderId), throwOnError: hasNothingToShow });
  return <Title>{orderId}</Title>;
}
