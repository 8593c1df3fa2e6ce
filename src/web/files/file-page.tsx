/** `/files/{file_id}`: what became of one upload. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { fileQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { Title } from '../layout/title.tsx';

const route = getRouteApi('/files/$fileId');

export function FilePage() {
  const { fileId } = route.useParams();
  const { data: file } = useQuery({ ...fileQuery(fileId), throwOnError: hasNothingToShow });
  return <Title>{file?.name ?? fileId}</Title>;
}
