/** One panel of the dashboard, with its heading. */
import { type ReactNode, useId } from 'react';

export function Panel({
  title,
  className = '',
  aside,
  children,
}: {
  title: string;
  className?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  const titleId = useId();
  return (
    <section className={`panel dashboard-panel ${className}`} aria-labelledby={titleId}>
      <div className="dashboard-heading">
        <h2 id={titleId}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
