package dev.lanyard.irsa.internal;

import java.util.Optional;

/**
 * An entry of {@code NO_PROXY}: {@code *}, a name, an address or a range of addresses. A name means
 * the names below it too, with a dot before it or without.
 *
 * @param name the name, {@code *} for all
 * @param addresses the addresses, if the entry is of such
 * @param port the only port that is meant, zero for all
 */
record NoProxyEntry(String name, Optional<Addresses> addresses, int port)
    implements ProxyExemption {

  static NoProxyEntry of(String entry) {
    String host = entry;
    int port = 0;
    int colon = entry.lastIndexOf(':');
    boolean mayHavePort =
        colon > 0 && (entry.charAt(colon - 1) == ']' || entry.indexOf(':') == colon);
    if (mayHavePort && HttpProxy.parsePort(entry.substring(colon + 1)) > 0) {
      host = entry.substring(0, colon);
      port = HttpProxy.parsePort(entry.substring(colon + 1));
    }
    host = AskedHost.bare(host);
    Optional<Addresses> addresses = Addresses.parse(host);
    if (host.startsWith("*.")) {
      host = host.substring(2);
    } else if (host.startsWith(".")) {
      host = host.substring(1);
    }
    return new NoProxyEntry(host, addresses, port);
  }

  @Override
  public boolean covers(AskedHost asked) {
    if (port != 0 && port != asked.port()) {
      return false;
    }
    if (name.equals("*")) {
      return true;
    }
    if (asked.address().isPresent()) {
      return addresses.isPresent() && addresses.get().contains(asked.address().get());
    }
    return !name.isEmpty() && (asked.name().equals(name) || asked.name().endsWith("." + name));
  }
}
