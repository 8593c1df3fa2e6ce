/** `/orders`: the orders, by filters. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { ordersQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Title } from '../layout/title.tsx';
import { frame } from '../texts.ts';

const route = getRouteApi('/orders');

export function OrdersPage() {
  useQuery({ ...ordersQuery(route.useSearch()), throwOnError: hasNothingToShow });
  return <Title>{frame.orders}</Title>;
}
