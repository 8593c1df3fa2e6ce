/** The filters and the order of the list of stock, which are those of the API. */
import { FilterField } from '../components/filter-field.tsx';
import { inventory } from '../texts/inventory.ts';
import { list } from '../texts/page.ts';

export interface StockFilterValues {
  sku?: string | undefined;
  hub_id?: string | undefined;
  sort?: 'key' | 'available' | undefined;
}

export const isFiltered = ({ sku, hub_id }: StockFilterValues): boolean => sku !== undefined || hub_id !== undefined;

export const StockFilters = ({
  values,
  onChange,
}: {
  values: StockFilterValues;
  /** Filters that are undefined are removed, those not named stay. */
  onChange: (changes: StockFilterValues) => void;
}) => (
  <search aria-label={inventory.filters} className="filters panel">
    <FilterField label={inventory.sku} value={values.sku ?? ''} onFilter={(sku) => onChange({ sku })} />
    <FilterField label={inventory.hub} value={values.hub_id ?? ''} onFilter={(hub_id) => onChange({ hub_id })} />
    <label className="filter-wide">
      {inventory.sort}
      <select
        value={values.sort ?? 'available'}
        onChange={({ target }) => onChange({ sort: target.value === 'key' ? 'key' : undefined })}
      >
        <option value="available">{inventory.byAvailable}</option>
        <option value="key">{inventory.byKey}</option>
      </select>
    </label>
    {isFiltered(values) && (
      <div className="filter-foot">
        <button type="button" onClick={() => onChange({ sku: undefined, hub_id: undefined })}>
          {list.clear}
        </button>
      </div>
    )}
  </search>
);
