/** `/stats`: how the service does. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { historyQuery, readyQuery, statsQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Title } from '../layout/title.tsx';
import { frame } from '../texts.ts';

const route = getRouteApi('/stats');

export function DashboardPage() {
  useQuery({ ...statsQuery(), throwOnError: hasNothingToShow });
  useQuery({ ...historyQuery(route.useSearch()), throwOnError: hasNothingToShow });
  useQuery({ ...readyQuery(), throwOnError: hasNothingToShow });
  return <Title>{frame.dashboard}</Title>;
}
