package dev.lanyard.podidentity.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Resolves a host and keeps the {@linkplain HostRule host rule}: one address outside it refuses the
 * whole host. The caller connects to the very addresses that it returns, so that a name which
 * changes its mind between two look-ups leads nowhere.
 */
final class CheckedResolver implements HostResolver {

  /** The token must not go there. */
  static final class Refused extends UnknownHostException {
    private static final long serialVersionUID = 1L;

    private final String address;

    private Refused(String host, InetAddress address) {
      super(host + " resolves to " + address.getHostAddress());
      this.address = address.getHostAddress();
    }

    String address() {
      return address;
    }
  }

  private final HostResolver names;

  CheckedResolver(HostResolver names) {
    this.names = names;
  }

  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    InetAddress[] addresses = names.resolve(host);
    if (addresses == null || addresses.length == 0) {
      throw new UnknownHostException(host);
    }
    for (InetAddress address : addresses) {
      if (!HostRule.admits(address)) {
        throw new Refused(host, address);
      }
    }
    return addresses;
  }
}
