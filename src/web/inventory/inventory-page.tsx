/** `/inventory`: what is available, to see and to change. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { inventoryQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Title } from '../layout/title.tsx';
import { frame } from '../texts.ts';

const route = getRouteApi('/inventory');

export function InventoryPage() {
  useQuery({ ...inventoryQuery(route.useSearch()), throwOnError: hasNothingToShow });
  return <Title>{frame.inventory}</Title>;
}
