/** Shown where there is nothing yet, with what to do about it. */
import './empty-state.css';
import type { ReactNode } from 'react';

export const EmptyState = ({ title, children }: { title: string; children?: ReactNode }) => (
  <section className="empty-state panel">
    <h2>{title}</h2>
    {children}
  </section>
);
