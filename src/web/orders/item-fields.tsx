/** The items of an order in a form, with the exact sums of what is typed so far. */
import { useQuery } from '@tanstack/react-query';
import { useId, useRef } from 'react';
import { flushSync } from 'react-dom';
import { inventoryQuery } from '../api/queries.ts';
import { orderForm as words } from '../texts/order-change.ts';
import { emptyItem, type ItemDraft, itemField, lineTotal, type OrderDraft, totalOf } from './order-draft.ts';
import { Field } from './order-fields.tsx';

/** As the service takes them. */
const MAX_ITEMS = 100;
/** Rows of stock whose SKUs and hubs are suggested: a cheap request. */
const SUGGESTED_ROWS = '200';

export function ItemFields({
  draft,
  onChange,
}: {
  draft: OrderDraft;
  onChange: (changes: Partial<OrderDraft>, field: string) => void;
}) {
  const { items } = draft;
  const list = useRef<HTMLOListElement>(null);
  const skus = useId();
  const { data: stock } = useQuery(inventoryQuery({ sort: 'key', limit: SUGGESTED_ROWS }));
  const change = (key: number, changes: Partial<ItemDraft>, name: string) =>
    onChange({ items: items.map((item) => (item.key === key ? { ...item, ...changes } : item)) }, itemField(key, name));
  /** The focus is where the next thing is typed. */
  const set = (next: ItemDraft[], focused: number) => {
    flushSync(() => onChange({ items: next }, 'items'));
    list.current?.children[focused]?.querySelector('input')?.focus();
  };
  return (
    <>
      <ol ref={list} className="item-list">
        {items.map((item, n) => (
          <Item
            key={item.key}
            n={n + 1}
            item={item}
            skus={skus}
            hubs={(stock?.items ?? []).filter(({ sku }) => sku === item.sku)}
            onChange={(changes, name) => change(item.key, changes, name)}
            onRemove={items.length > 1 ? () => set(items.toSpliced(n, 1), Math.min(n, items.length - 2)) : null}
          />
        ))}
      </ol>
      <datalist id={skus}>
        {[...new Set(stock?.items.map(({ sku }) => sku))].map((sku) => (
          <option key={sku} value={sku} />
        ))}
      </datalist>
      <div className="item-foot">
        <button
          type="button"
          disabled={items.length >= MAX_ITEMS}
          onClick={() => set([...items, emptyItem()], items.length)}
        >
          {words.add}
        </button>
        <p className="order-sum number">
          <span>{words.total}</span> <output>{totalOf(draft) ?? words.noTotal}</output>
        </p>
      </div>
    </>
  );
}

function Item({
  n,
  item,
  skus,
  hubs,
  onChange,
  onRemove,
}: {
  n: number;
  item: ItemDraft;
  skus: string;
  hubs: { hub_id: string; available: number }[];
  onChange: (changes: Partial<ItemDraft>, name: string) => void;
  onRemove: (() => void) | null;
}) {
  const hubList = useId();
  const field = (name: Exclude<keyof ItemDraft, 'key'>, label: string) => ({
    ...{ label, field: itemField(item.key, name), value: item[name] },
    onChange: (value: string) => onChange({ [name]: value }, name),
  });
  return (
    <li>
      <fieldset className="item">
        <legend>{words.item(n)}</legend>
        <Field className="item-product" {...field('product_name', words.product)} />
        <Field {...field('sku', words.sku)} list={skus} />
        <Field {...field('hub_id', words.hub)} list={hubList} />
        <Field {...field('quantity', words.quantity)} numeric />
        <Field {...field('unit_price', words.unitPrice)} numeric />
        <p className="item-total number">
          <span>{words.lineTotal}</span>
          <span className="item-amount">{lineTotal(item) ?? words.noTotal}</span>
        </p>
        {onRemove && (
          <button
            type="button"
            className="button-quiet item-remove"
            aria-label={words.removeItem(n)}
            onClick={onRemove}
          >
            {words.remove}
          </button>
        )}
        <datalist id={hubList}>
          {hubs.map(({ hub_id, available }) => (
            <option key={hub_id} value={hub_id}>
              {words.stockOf(available)}
            </option>
          ))}
        </datalist>
      </fieldset>
    </li>
  );
}
