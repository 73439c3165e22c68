package dev.lanyard.irsa.internal;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * A range of IP addresses: one, or all that begin with the same bits as one (CIDR). No name is ever
 * resolved to an address. An IPv4 address in the form of an IPv6 one is the IPv4 address.
 *
 * @param first an address of the range
 * @param bits how many of its bits all have
 */
record Addresses(InetAddress first, int bits) {

  /** Reads an address, or an address and the number of its bits, empty if it is neither. */
  static Optional<Addresses> parse(String text) {
    int slash = text.indexOf('/');
    Optional<InetAddress> first = literal(slash < 0 ? text : text.substring(0, slash));
    if (first.isEmpty()) {
      return Optional.empty();
    }
    int most = first.get().getAddress().length * Byte.SIZE;
    int bits = slash < 0 ? most : number(text.substring(slash + 1), most);
    return bits < 0 ? Optional.empty() : Optional.of(new Addresses(first.get(), bits));
  }

  /**
   * Reads an address, empty if it is none.
   *
   * @param text four decimal numbers, or any form of an IPv6 address, without brackets; a zone does
   *     not count
   */
  static Optional<InetAddress> literal(String text) {
    try {
      if (text.indexOf(':') < 0) {
        return ipv4(text);
      }
      int zone = text.indexOf('%');
      // In brackets it is an address or nothing: no name is resolved.
      return Optional.of(
          InetAddress.getByName("[" + (zone < 0 ? text : text.substring(0, zone)) + "]"));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  boolean contains(InetAddress address) {
    byte[] one = first.getAddress();
    byte[] other = address.getAddress();
    if (one.length != other.length) {
      return false;
    }
    for (int i = 0; i < bits; i++) {
      int mask = 0x80 >> (i % Byte.SIZE);
      if (((one[i / Byte.SIZE] ^ other[i / Byte.SIZE]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }

  private static Optional<InetAddress> ipv4(String text) throws UnknownHostException {
    String[] parts = text.split("\\.", -1);
    byte[] address = new byte[4];
    if (parts.length != address.length) {
      return Optional.empty();
    }
    for (int i = 0; i < address.length; i++) {
      int part = number(parts[i], 255);
      if (part < 0) {
        return Optional.empty();
      }
      address[i] = (byte) part;
    }
    return Optional.of(InetAddress.getByAddress(address));
  }

  private static int number(String text, int most) {
    // No zero before it: who reads it as octal takes it for another number.
    return text.length() > 1 && text.charAt(0) == '0' ? -1 : Texts.number(text, most);
  }
}
