package dev.lanyard.consumers;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.lanyard.CredentialsUnavailableException;
import dev.lanyard.RefreshingCredentialsProvider;
import dev.lanyard.irsa.IrsaCredentialsProvider;
import dev.lanyard.podidentity.PodIdentityCredentialsProvider;
import dev.lanyard.testing.FakeEks;
import dev.lanyard.testing.FakePod;
import dev.lanyard.testing.TrustPolicy;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Obtains credentials on a class path that somebody else has put together, and fails if that does
 * not work, or if the class path is not the one that was meant.
 *
 * <p>Every way of an exchange is gone once: a success and a refusal of the Pod Identity Agent, of
 * an agent that answers in JSON over TLS, and of STS. A method that a library does not have shows
 * itself when it is called, and not before.
 */
public final class Consumer {
  private static final String PASSWORD = "changeit";

  private Consumer() {}

  /**
   * Runs all exchanges.
   *
   * @param args the name of the host, and the file names of jars that must be on the class path
   * @throws Exception if anything is not as it should be
   */
  public static void main(String[] args) throws Exception {
    Set<String> libraries = libraries();
    for (String library : args[1].split(" ")) {
      check(libraries.contains(library), library + " is not on the class path: " + libraries);
    }
    podIdentityAndIrsa();
    overTls();
    System.out.println(args[0] + ": " + libraries);
  }

  private static Set<String> libraries() {
    Set<String> names = new TreeSet<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      String name = Path.of(entry).getFileName().toString();
      if (name.startsWith("gson-") || name.startsWith("httpc")) {
        names.add(name);
      }
    }
    return names;
  }

  private static void podIdentityAndIrsa() {
    try (FakeEks eks = FakeEks.start()) {
      String role = eks.role("orders", TrustPolicy.forPodIdentity());
      eks.associate("shop", "orders", role);
      FakePod pod = eks.pod("shop", "orders").podIdentity();
      succeeds(
          PodIdentityCredentialsProvider.builder().environment(pod.environment()).build(), "agent");
      FakePod stranger = eks.pod("shop", "stranger").podIdentity();
      eks.dissociate("shop", "orders");
      isRefused(
          PodIdentityCredentialsProvider.builder().environment(stranger.environment()).build(),
          "ResourceNotFoundException");

      String trusting = eks.role("carts", TrustPolicy.forServiceAccount(eks, "shop", "carts"));
      FakePod carts = eks.pod("shop", "carts").irsa(trusting);
      succeeds(IrsaCredentialsProvider.builder().environment(carts.environment()).build(), "STS");
      FakePod other = eks.pod("shop", "other").irsa(trusting);
      isRefused(
          IrsaCredentialsProvider.builder().environment(other.environment()).build(),
          "AccessDenied");
    }
  }

  private static void overTls() throws IOException, GeneralSecurityException, InterruptedException {
    Path store = Files.createTempDirectory("consumer").resolve("agent.p12");
    HttpsServer agent =
        HttpsServer.create(
            new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 0);
    try {
      agent.setHttpsConfigurator(new HttpsConfigurator(certificate(store)));
      answers(
          agent,
          "/good",
          200,
          "{\"AccessKeyId\":\"ASIAEXAMPLEEXAMPLE01\",\"SecretAccessKey\":\"example\",\"Token\":"
              + "\"example\",\"More\":{\"a\":[1,true,null]},\"Expiration\":\""
              + Instant.now().plus(Duration.ofHours(1))
              + "\"}");
      answers(agent, "/ugly", 200, "{\"AccessKeyId\":TRUE}");
      answers(agent, "/bad", 400, "{\"code\":\"InvalidIdInRequest\",\"message\":\"no task\"}");
      agent.start();
      System.setProperty("javax.net.ssl.trustStore", store.toString());
      System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
      String uri = "https://127.0.0.1:" + agent.getAddress().getPort();
      succeeds(at(uri + "/good"), "agent over TLS");
      isRefused(at(uri + "/bad"), "InvalidIdInRequest");
      isRefused(at(uri + "/ugly"), "not valid JSON");
    } finally {
      agent.stop(0);
      Files.delete(store);
      Files.delete(store.getParent());
    }
  }

  private static PodIdentityCredentialsProvider at(String uri) {
    return PodIdentityCredentialsProvider.builder()
        .endpoint(URI.create(uri))
        .authorizationToken(() -> "example")
        .build();
  }

  private static void succeeds(RefreshingCredentialsProvider provider, String who) {
    check(
        provider.resolveCredentials().accessKeyId().startsWith("ASIA"),
        "no credentials of the " + who);
  }

  private static void isRefused(RefreshingCredentialsProvider provider, String code) {
    try {
      provider.resolveCredentials();
    } catch (CredentialsUnavailableException e) {
      check(String.valueOf(e.getMessage()).contains(code), "not refused for " + code + ": " + e);
      return;
    }
    check(false, "not refused");
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }

  private static void answers(HttpServer agent, String path, int status, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    agent.createContext(
        path,
        exchange -> {
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(status, bytes.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
          }
        });
  }

  /** Makes a certificate for loopback that is its own issuer, with this Java's keytool. */
  private static SSLContext certificate(Path store)
      throws IOException, GeneralSecurityException, InterruptedException {
    String arguments =
        "-genkeypair -alias agent -keyalg EC -dname CN=agent -ext san=ip:127.0.0.1"
            + (" -storetype PKCS12 -storepass " + PASSWORD + " -keystore ");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String[] command = (keytool + " " + arguments + store).split(" ");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    check(process.waitFor() == 0, "keytool failed");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    // The agent's own certificate is what the client trusts.
    keys.setCertificateEntry("trusted", keys.getCertificate("agent"));
    try (OutputStream out = Files.newOutputStream(store)) {
      keys.store(out, PASSWORD.toCharArray());
    }
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }
}
