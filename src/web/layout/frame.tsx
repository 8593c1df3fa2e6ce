/** What surrounds every view: the header with its navigation, the banner of a lost connection, and the main region. */
import './frame.css';
import { Link, Outlet, useMatchRoute, useRouter } from '@tanstack/react-router';
import { Suspense, useEffect } from 'react';
import { frame, product } from '../texts/page.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { MoonIcon, SunIcon } from './icons.tsx';
import { toggleTheme, useNextTheme, useTheme } from './theme.ts';

export function Frame() {
  const theme = useTheme();
  const isAt = useMatchRoute();
  // The addresses of a file and of a new order are not below those of the lists.
  const inFiles = isAt({ to: '/files/$fileId' }) !== false;
  const inOrders = isAt({ to: '/new-order' }) !== false;
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
          <nav aria-label={frame.navigation} className="frame-nav">
            <Link
              to="/"
              activeOptions={{ exact: true, includeSearch: false }}
              aria-current={inFiles ? 'page' : undefined}
            >
              {frame.files}
            </Link>
            <Link to="/orders" aria-current={inOrders ? 'page' : undefined}>
              {frame.orders}
            </Link>
            <Link to="/inventory">{frame.inventory}</Link>
            <Link to="/stats">{frame.dashboard}</Link>
            <Link to="/live">{frame.live}</Link>
          </nav>
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
        <Suspense fallback={<p className="quiet">{frame.loading}</p>}>
          <Outlet />
        </Suspense>
      </main>
    </>
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
