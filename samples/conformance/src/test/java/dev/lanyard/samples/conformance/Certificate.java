package dev.lanyard.samples.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A certificate of 127.0.0.1, made for this run, that this process's trust store holds. It stays
 * there: the JDK reads the trust store once, for all who use its default.
 */
final class Certificate {
  private static final String PASSWORD = "changeit";

  private static final class Holder {
    private static final Certificate INSTANCE = make();
  }

  private final SSLContext context;

  private Certificate(SSLContext context) {
    this.context = context;
  }

  static Certificate trusted() {
    return Holder.INSTANCE;
  }

  ServerSocket listen() throws IOException {
    return context
        .getServerSocketFactory()
        .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private static Certificate make() {
    try {
      Path directory = Files.createTempDirectory("conformance");
      Path own = directory.resolve("own.p12");
      Path trust = directory.resolve("trust.p12");
      keytool(own);
      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(own)) {
        keys.load(in, PASSWORD.toCharArray());
      }
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("agent", keys.getCertificate("agent"));
      try (OutputStream out = Files.newOutputStream(trust)) {
        trusted.store(out, PASSWORD.toCharArray());
      }
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(keys, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(factory.getKeyManagers(), null, null);
      System.setProperty("javax.net.ssl.trustStore", trust.toString());
      System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
      for (Path file : new Path[] {directory, own, trust}) {
        file.toFile().deleteOnExit();
      }
      return new Certificate(context);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("no certificate", e);
    }
  }

  private static void keytool(Path store) throws IOException {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "agent",
                "-keyalg",
                "EC",
                "-dname",
                "CN=agent",
                "-ext",
                "san=ip:127.0.0.1",
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD)
            .inheritIO()
            .start();
    try {
      if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
        throw new IllegalStateException("keytool failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
