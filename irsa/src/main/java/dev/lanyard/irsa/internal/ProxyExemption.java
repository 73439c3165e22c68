package dev.lanyard.irsa.internal;

/** A host, or several, that a proxy does not lead to. */
sealed interface ProxyExemption permits NonProxyHost, NoProxyEntry {

  /** Says whether an endpoint of this host and port is meant. */
  boolean covers(AskedHost asked);
}
