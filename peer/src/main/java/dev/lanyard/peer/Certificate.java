package dev.lanyard.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A certificate for some hosts, made for this run, and a trust store that holds it and no other.
 */
public final class Certificate {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final SSLContext context;
  private final Path trustStore;

  private Certificate(SSLContext context, Path trustStore) {
    this.context = context;
    this.trustStore = trustStore;
  }

  /**
   * Makes a key and a certificate, with the {@code keytool} of this Java.
   *
   * @param directory where the key and the trust store are kept, {@code own.p12} and {@code
   *     trust.p12}
   * @param names whom it names, such as {@code dns:one.example,dns:other.example,ip:127.0.0.1}
   * @return the certificate, which nobody trusts yet
   */
  public static Certificate make(Path directory, String names) {
    Path own = directory.resolve("own.p12");
    Path trust = directory.resolve("trust.p12");
    try {
      keytool(own, names);
      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(own)) {
        keys.load(in, PASSWORD);
      }
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(keys, PASSWORD);
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("peer", keys.getCertificate("peer"));
      try (OutputStream out = Files.newOutputStream(trust)) {
        trusted.store(out, PASSWORD);
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return new Certificate(context, trust);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("no certificate", e);
    }
  }

  /** Lets the process trust this certificate and no other, as an operator would say it. */
  public void trusted() {
    System.setProperty("javax.net.ssl.trustStore", trustStore.toString());
    System.setProperty("javax.net.ssl.trustStorePassword", new String(PASSWORD));
  }

  /** Lets the process trust what it did before {@link #trusted}. */
  public static void trustAsBefore() {
    System.clearProperty("javax.net.ssl.trustStore");
    System.clearProperty("javax.net.ssl.trustStorePassword");
  }

  /**
   * Speaks TLS, as the server, over a connection that is there.
   *
   * @param connection of plain bytes, closed with what is returned
   * @return the secured connection, before its handshake
   * @throws IOException if it cannot be made
   */
  public SSLSocket over(Socket connection) throws IOException {
    SSLSocket secured =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(connection, connection.getInetAddress().getHostAddress(), 0, true);
    secured.setUseClientMode(false);
    return secured;
  }

  ServerSocket listen() throws IOException {
    return context
        .getServerSocketFactory()
        .createServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
  }

  private static void keytool(Path store, String names) throws IOException {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "peer",
                "-keyalg",
                "EC",
                "-dname",
                "CN=peer",
                "-ext",
                "san=" + names,
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                new String(PASSWORD))
            .inheritIO()
            .start();
    try {
      if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
        throw new IllegalStateException("keytool failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while keytool runs", e);
    }
  }
}
