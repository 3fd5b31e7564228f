/** What this needs of a browser window. */
export interface TokenPlace {
  location: { hash: string; pathname: string; search: string };
  history: { replaceState(data: unknown, unused: string, url: string): void };
  sessionStorage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
  };
}

/**
 * The access token: taken from the link (`#token=...`), kept for this tab, and
 * removed from the address so that it is neither copied nor bookmarked with it.
 */
export function takeToken(place: TokenPlace): string | null {
  const { location, history } = place;
  // Several servers may stand behind one proxy, told apart by their path.
  const key = `dcmview-token:${location.pathname}`;
  const parameters = new URLSearchParams(location.hash.slice(1));
  const given = parameters.get('token');
  if (given === null) return remembered(place, key);

  parameters.delete('token');
  const rest = parameters.toString();
  history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  try {
    place.sessionStorage.setItem(key, given);
  } catch {
    // Storage is closed to frames of other sites: the token then lives as long as the page.
  }
  return given;
}

function remembered(place: TokenPlace, key: string): string | null {
  try {
    return place.sessionStorage.getItem(key);
  } catch {
    return null;
  }
}
