package dev.lanyard.irsa.internal;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;

/**
 * The host and the port of an endpoint.
 *
 * @param host in small letters, and otherwise as the URI has it
 * @param name the same without brackets, and without a dot at its end
 * @param address the address that the host is, empty for a name
 * @param port never negative: that of the scheme where the URI names none
 */
record AskedHost(String host, String name, Optional<InetAddress> address, int port) {
  static AskedHost of(String host, int port) {
    String name = bare(host);
    return new AskedHost(host.toLowerCase(Locale.ROOT), name, Addresses.literal(name), port);
  }

  /** A host as it is compared: small letters, no brackets, no dot at its end. */
  static String bare(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    if (name.startsWith("[") && name.endsWith("]")) {
      return name.substring(1, name.length() - 1);
    }
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
