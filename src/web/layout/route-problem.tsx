/** The boundary of every route: what a view throws is told in its place, the rest of the page stays. */
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { ProblemView } from '../components/problem-view.tsx';
import { frame } from '../texts.ts';
import { Title } from './title.tsx';

export function RouteProblem({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const tryAgain = () => {
    queries.reset();
    reset();
    void router.invalidate();
  };
  return (
    <section>
      <Title>{frame.problemTitle}</Title>
      <ProblemView error={error} onTryAgain={tryAgain} />
    </section>
  );
}
