/** The way to a file by its name, which does not change. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { fileQuery } from '../api/queries.ts';

/** `unnamed` stands there until the name is known, or when it cannot be. */
export function FileLink({ fileId, unnamed = fileId }: { fileId: string; unnamed?: string }) {
  const { data: file } = useQuery({ ...fileQuery(fileId), staleTime: Number.POSITIVE_INFINITY });
  return (
    <Link to="/files/$fileId" params={{ fileId }}>
      {file?.name ?? unnamed}
    </Link>
  );
}
