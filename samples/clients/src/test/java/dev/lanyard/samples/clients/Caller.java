package dev.lanyard.samples.clients;

import java.io.IOException;

/** A client at work in a pod. */
interface Caller extends AutoCloseable {
  /** Lets it get credentials from its default chain, and ask STS who it is. */
  Answer whoAmI() throws IOException;

  /** Its own version, such as 1.2.3. */
  String version() throws IOException;

  @Override
  void close() throws IOException;
}
