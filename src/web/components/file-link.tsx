/** A link to a file, labelled with its name, which never changes. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { fileQuery } from '../api/queries.ts';

/** `unnamed` is the label until the name is known, or if it cannot be loaded. */
export function FileLink({ fileId, unnamed = fileId }: { fileId: string; unnamed?: string }) {
  const { data: file } = useQuery({ ...fileQuery(fileId), staleTime: Number.POSITIVE_INFINITY });
  return (
    <Link to="/files/$fileId" params={{ fileId }}>
      {file?.name ?? unnamed}
    </Link>
  );
}
