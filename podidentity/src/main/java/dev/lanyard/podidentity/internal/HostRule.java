package dev.lanyard.podidentity.internal;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a token may go without TLS: loopback and the three link-local addresses of the node's
 * agents. Anywhere else it would leave the host in the clear.
 *
 * <p>Source: AWS SDKs and Tools reference guide, container credentials provider. Java's SDK, Go's
 * and Rust's resolve a name and want every address of it to be allowed; so does this rule.
 */
final class HostRule {

  /** The rule for people. */
  static final String ALLOWED =
      "loopback, 169.254.170.2 (ECS), 169.254.170.23 or [fd00:ec2::23] (EKS Pod Identity)";

  /** The ECS agent. Source: SDKs reference guide, container credentials provider. */
  static final InetAddress ECS = address(169, 254, 170, 2);

  /** The EKS Pod Identity Agent. Source: aws/eks-pod-identity-agent, configuration/config.go. */
  static final InetAddress POD_IDENTITY_IPV6 =
      address(0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23);

  /** The same as the agent spells it. */
  static final String POD_IDENTITY_IPV6_HOST = "fd00:ec2::23";

  /** The EKS Pod Identity Agent, by IPv4 and by IPv6. */
  static final List<InetAddress> POD_IDENTITY =
      List.of(address(169, 254, 170, 23), POD_IDENTITY_IPV6);

  private static final Pattern DOTTED_QUAD =
      Pattern.compile(
          "(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)\\.){3}(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)");

  /** What some resolver reads as a number: decimal, octal, or hexadecimal. */
  private static final Pattern ENDS_IN_A_NUMBER =
      Pattern.compile("(?:.*\\.)?(?:\\d+|0[xX][0-9a-fA-F]*)\\.?");

  private HostRule() {}

  /** Tells whether a token may be sent to this address without TLS. */
  static boolean admits(InetAddress address) {
    if (address.isLoopbackAddress()) {
      return true;
    }
    // Two addresses that differ in their zone alone count as equal, and lead to different places.
    boolean zoned =
        address instanceof Inet6Address six
            && (six.getScopeId() != 0 || six.getScopedInterface() != null);
    return !zoned && (address.equals(ECS) || POD_IDENTITY.contains(address));
  }

  /**
   * Tells whether what listens at an address runs on this machine, and dates its answers with this
   * machine's clock: loopback, link-local, or the agent's own address.
   */
  static boolean isOnThisNode(InetAddress address) {
    return address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.equals(POD_IDENTITY_IPV6);
  }

  /**
   * Reads a host that is spelled as an address, never asking the network.
   *
   * @param host as {@link java.net.URI#getHost} gives it, an IPv6 address in brackets
   * @return the address, or null if the host is a name
   * @throws UnknownHostException if it looks like an address and is not in the plain notation: the
   *     resolvers of this world disagree about what {@code 0177.1} or {@code 2130706433} means
   */
  static @Nullable InetAddress literal(String host) throws UnknownHostException {
    if (host.startsWith("[")) {
      if (host.indexOf('%') >= 0) {
        throw new UnknownHostException("an IPv6 address with a zone");
      }
      InetAddress address = InetAddress.getByName(host);
      if (!(address instanceof Inet6Address)) {
        throw new UnknownHostException("an IPv4 address in the notation of IPv6");
      }
      return address;
    }
    if (DOTTED_QUAD.matcher(host).matches()) {
      return InetAddress.getByName(host);
    }
    if (ENDS_IN_A_NUMBER.matcher(host).matches()) {
      throw new UnknownHostException("an unusual notation of an IPv4 address");
    }
    return null;
  }

  private static InetAddress address(int... parts) {
    byte[] bytes = new byte[parts.length];
    for (int i = 0; i < parts.length; i++) {
      bytes[i] = (byte) parts[i];
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("no address: " + Arrays.toString(parts), e);
    }
  }
}
