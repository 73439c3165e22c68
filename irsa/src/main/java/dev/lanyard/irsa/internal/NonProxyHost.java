package dev.lanyard.irsa.internal;

import java.util.Locale;

/**
 * An entry of {@code http.nonProxyHosts}, to the letter as the JDK's own proxy selector takes it:
 * {@code *} at the start, at the end or at both stands for any run of characters, elsewhere for
 * itself; an IPv6 address is a text in brackets.
 */
record NonProxyHost(String pattern) implements ProxyExemption {

  static NonProxyHost of(String entry) {
    return new NonProxyHost(entry.toLowerCase(Locale.ROOT));
  }

  @Override
  public boolean covers(AskedHost asked) {
    String host = asked.host();
    boolean anyStart = pattern.startsWith("*");
    boolean anyEnd = pattern.endsWith("*");
    if (pattern.equals("*")) {
      return true;
    }
    String part = pattern.substring(anyStart ? 1 : 0, pattern.length() - (anyEnd ? 1 : 0));
    if (anyStart && anyEnd) {
      return host.contains(part);
    }
    if (anyStart) {
      return host.endsWith(part);
    }
    return anyEnd ? host.startsWith(part) : host.equals(part);
  }
}
