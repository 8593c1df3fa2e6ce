/** The error boundary of every route: shows what a view throws in its place, the rest of the page stays. */
import { useQueryErrorResetBoundary } from '@tanstack/react-query';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { useEffect, useEffectEvent } from 'react';
import { NotLoaded, Unreachable } from '../api/client.ts';
import { useConnectionLostAt } from '../api/connection.ts';
import { ProblemView } from '../components/problem-view.tsx';
import { connection, frame } from '../texts/page.ts';
import { Title } from './title.tsx';

export function RouteProblem({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const tryAgain = () => {
    queries.reset();
    reset();
    void router.invalidate();
  };
  const isBack = useConnectionLostAt() === null;
  const resume = useEffectEvent(() => error instanceof Unreachable && tryAgain());
  useEffect(() => {
    if (isBack) resume();
  }, [isBack]);
  return (
    <section>
      <Title>{frame.problemTitle}</Title>
      {error instanceof NotLoaded ? (
        <ProblemView error={error} onTryAgain={() => location.reload()} tryAgain={connection.reload} />
      ) : (
        <ProblemView error={error} onTryAgain={tryAgain} />
      )}
      <Link to="/">{frame.toFiles}</Link>
    </section>
  );
}
