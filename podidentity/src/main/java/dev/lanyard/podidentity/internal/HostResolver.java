package dev.lanyard.podidentity.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Looks up the addresses of a host. Used by several threads. */
@FunctionalInterface
interface HostResolver {

  /** The JDK's resolver, which no time limit and no interrupt ends. */
  HostResolver SYSTEM = new JdkResolver();

  /**
   * Looks a host up.
   *
   * @param host a name, or an address without brackets
   * @return its addresses, one at least
   * @throws UnknownHostException if it has none
   */
  InetAddress[] resolve(String host) throws UnknownHostException;

  /** A class and not a method reference, which costs a process that has just started more. */
  final class JdkResolver implements HostResolver {
    private JdkResolver() {}

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
      return InetAddress.getAllByName(host);
    }
  }
}
