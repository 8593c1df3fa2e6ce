/** `/`: uploads and files. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { filesQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Title } from '../layout/title.tsx';
import { frame } from '../texts.ts';

const route = getRouteApi('/');

export function FilesPage() {
  useInfiniteQuery({ ...filesQuery(route.useSearch()), throwOnError: hasNothingToShow });
  return <Title>{frame.files}</Title>;
}
