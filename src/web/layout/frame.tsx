/**
 * What surrounds every view: the header with its navigation, the banner of a lost connection, and the main region. When the session ends,
 * the view is hidden with what was typed, until somebody has signed in.
 */
import './frame.css';
import { Link, Outlet, useMatchRoute, useRouter } from '@tanstack/react-router';
import { Activity, Suspense, useEffect } from 'react';
import { Account } from '../access/account.tsx';
import { SignIn } from '../access/sign-in.tsx';
import { useAdministration, useMay, useSessionEnded } from '../api/session.ts';
import { frame, product } from '../texts/page.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { MoonIcon, SunIcon } from './icons.tsx';
import { toggleTheme, useNextTheme, useTheme } from './theme.ts';

export function Frame() {
  const theme = useTheme();
  const ended = useSessionEnded();
  const label = { light: frame.toLight, dark: frame.toDark, system: frame.toSystem }[useNextTheme()];
  useEffect(refuseDrops, []);
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        // The link that had the focus went away with its view: screen readers continue at the start of this one.
        if (fromLocation && pathChanged && document.activeElement === document.body)
          document.getElementById('main')?.focus({ preventScroll: true });
      }),
    [router],
  );
  return (
    <>
      <a className="skip" href="#main">
        {frame.skip}
      </a>
      <header className="frame-header">
        <div className="frame-bar">
          <Link to="/" className="frame-product">
            {product}
          </Link>
          {!ended && (
            <>
              <Navigation />
              <Account />
            </>
          )}
          <button
            type="button"
            className="button-quiet frame-theme"
            aria-label={label}
            title={label}
            onClick={toggleTheme}
          >
            {theme === 'dark' ? <SunIcon /> : <MoonIcon />}
          </button>
        </div>
      </header>
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        {ended && <SignIn />}
        <Activity mode={ended ? 'hidden' : 'visible'}>
          <Suspense fallback={<p className="quiet">{frame.loading}</p>}>
            <Outlet />
          </Suspense>
        </Activity>
      </main>
    </>
  );
}

/** The views that the role may see. */
function Navigation() {
  const isAt = useMatchRoute();
  // The addresses of a file, of its columns and of a new order are not below those of the lists.
  const inFiles = isAt({ to: '/files/$fileId' }) !== false || isAt({ to: '/columns' }) !== false;
  const inOrders = isAt({ to: '/new-order' }) !== false;
  const files = useMay('files:read');
  const orders = useMay('orders:read');
  const inventory = useMay('stock:read');
  const dashboard = useMay('stats:read');
  const live = useMay('events:read');
  const isAdmin = useAdministration();
  return (
    <nav aria-label={frame.navigation} className="frame-nav">
      {files && (
        <Link to="/" activeOptions={{ exact: true, includeSearch: false }} aria-current={inFiles ? 'page' : undefined}>
          {frame.files}
        </Link>
      )}
      {files && <Link to="/formats">{frame.formats}</Link>}
      {orders && (
        <Link to="/orders" aria-current={inOrders ? 'page' : undefined}>
          {frame.orders}
        </Link>
      )}
      {inventory && <Link to="/inventory">{frame.inventory}</Link>}
      {dashboard && <Link to="/stats">{frame.dashboard}</Link>}
      {live && <Link to="/live">{frame.live}</Link>}
      {isAdmin.ofAccess && <Link to="/keys">{frame.keys}</Link>}
      {isAdmin.ofAudit && <Link to="/audit">{frame.audit}</Link>}
    </nav>
  );
}

/** Otherwise the browser opens a file that is dropped where no view takes it, and the page with its uploads is gone. */
function refuseDrops(): () => void {
  const listening = new AbortController();
  const refuse = (event: DragEvent) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'none';
  };
  addEventListener('dragover', refuse, listening);
  addEventListener('drop', refuse, listening);
  return () => listening.abort();
}
