/** Shown while there is no stock: an example of a CSV, and the ways to add stock. */
import type { ReactNode } from 'react';
import { Commands } from '../components/commands.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { inventory } from '../texts/inventory.ts';

const EXAMPLE = 'sku,hub_id,available\n00417-BLK,HUB-1,40\n00417-BLK,HUB-2,15\n10233-M,HUB-2,30\n';
const curl = () => `curl -X PUT -H 'content-type: text/csv' --data-binary @stock.csv ${location.origin}/inventory`;

export const NoStock = ({ actions }: { actions: ReactNode }) => (
  <EmptyState title={inventory.emptyTitle}>
    <p>{inventory.emptyHelp}</p>
    <div className="example">
      <Commands text={EXAMPLE} label={inventory.example} />
    </div>
    <p className="inventory-actions">{actions}</p>
    <p>{inventory.orByCommand}</p>
    <div className="example">
      <Commands text={curl()} label={inventory.curl} />
    </div>
  </EmptyState>
);
