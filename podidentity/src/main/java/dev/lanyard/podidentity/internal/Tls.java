package dev.lanyard.podidentity.internal;

import dev.lanyard.diagnosis.Evidence;
import dev.lanyard.runtime.Environment;
import dev.lanyard.runtime.Environment.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * TLS as the JDK does it by default: the trust store and the client certificate that the {@code
 * javax.net.ssl} system properties name, and the JDK's own check of the host name.
 *
 * <p>{@link SSLContext#getDefault} reads both stores once in the life of a process. This class
 * reads them for each connection: a trust bundle may be mounted some seconds late, and a client
 * certificate is replaced before it expires. Which client certificate that is counts as it was when
 * the provider was built; its password is shown nowhere. Nothing but the JDK is used, so that it
 * does not matter which HTTP client is on the class path.
 */
final class Tls {

  /** The client certificate cannot be used; the text shows neither password nor content. */
  static final class UnusableKeyStore extends SSLException {
    private static final long serialVersionUID = 1L;

    private final String setting;

    private UnusableKeyStore(String setting, Exception cause) {
      super(KEY_STORE + " cannot be used: " + cause.getClass().getSimpleName());
      this.setting = setting;
    }

    /** Returns the setting that names the key store. */
    String setting() {
      return setting;
    }
  }

  private static final String KEY_STORE = "javax.net.ssl.keyStore";

  /** A chain of causes may be a ring. */
  private static final int MAX_CAUSES = 20;

  /** A key store that is not a file. Source: JSSE reference guide, default key store. */
  private static final String NO_FILE = "NONE";

  /** A token whose keys have no password of their own. Source: the same. */
  private static final String HARDWARE = "PKCS11";

  private final Optional<Setting> store;
  private final Optional<Setting> type;
  private final Optional<Setting> provider;
  private final Optional<Setting> password;

  private Tls(Environment environment) {
    this.store = environment.property(KEY_STORE);
    this.type = environment.property(KEY_STORE + "Type");
    this.provider = environment.property(KEY_STORE + "Provider");
    this.password = environment.property(KEY_STORE + "Password");
  }

  /** Returns the value, empty for one that is not set. */
  private static String value(Optional<Setting> setting) {
    return setting.isPresent() ? setting.get().value() : "";
  }

  /**
   * Reads which client certificate to show, but not yet the certificate.
   *
   * @param environment where the system properties are looked up
   */
  static Tls of(Environment environment) {
    return new Tls(environment);
  }

  /** Adds the client certificate, by which an endpoint may know whose credentials to give. */
  void addTo(Evidence.Builder evidence) {
    if (store.isEmpty()) {
      return;
    }
    addTo(evidence, "client certificate", store);
    addTo(evidence, "key store type", type);
    addTo(evidence, "key store provider", provider);
    if (password.isPresent()) {
      evidence.hidden("key store password", password.get().value(), password.get().origin());
    }
  }

  private static void addTo(Evidence.Builder evidence, String name, Optional<Setting> setting) {
    if (setting.isPresent()) {
      evidence.fact(name, setting.get().value(), setting.get().origin());
    }
  }

  /**
   * Secures a connection that is there, and finds out who is at its other end.
   *
   * @param socket the connection; closed with what is returned
   * @param host whom the certificate must name
   * @param port the port connected to
   * @return the secured connection, its handshake done
   * @throws IOException if the handshake fails, or the certificate is not one to trust
   */
  SSLSocket over(Socket socket, String host, int port) throws IOException {
    SSLSocket secured =
        (SSLSocket) context().getSocketFactory().createSocket(socket, host, port, true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  /**
   * Tells a certificate that is not accepted from other failures of TLS: one that is not trusted,
   * has expired, or is of another host. Neither passes before somebody changes something.
   */
  static boolean refusesCertificate(Throwable failure) {
    int depth = 0;
    for (Throwable t = failure; t != null && depth < MAX_CAUSES; t = t.getCause(), depth++) {
      if (t instanceof CertificateException
          || t instanceof CertPathValidatorException
          || t instanceof CertPathBuilderException
          || t instanceof SSLPeerUnverifiedException
          // A trust store with nothing in it: "the trustAnchors parameter must be non-empty".
          || t instanceof InvalidAlgorithmParameterException) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    return "Tls[client certificate " + (store.isEmpty() ? "none" : value(store)) + "]";
  }

  private SSLContext context() throws IOException {
    KeyManager @Nullable [] keys;
    try {
      keys = clientKeys();
    } catch (GeneralSecurityException | IOException | RuntimeException e) {
      throw new UnusableKeyStore(store.isPresent() ? store.get().origin() : KEY_STORE, e);
    }
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new SSLException(e);
    }
  }

  /** Reads what the JDK reads for its default context. Source: JSSE reference guide. */
  private KeyManager @Nullable [] clientKeys() throws GeneralSecurityException, IOException {
    if (store.isEmpty()) {
      return null;
    }
    String form = type.isEmpty() ? KeyStore.getDefaultType() : value(type);
    char @Nullable [] word = password.isEmpty() ? null : value(password).toCharArray();
    KeyStore keys =
        provider.isEmpty()
            ? KeyStore.getInstance(form)
            : KeyStore.getInstance(form, value(provider));
    if (value(store).equals(NO_FILE)) {
      keys.load(null, word);
    } else {
      try (InputStream in = Files.newInputStream(Path.of(value(store)))) {
        keys.load(in, word);
      }
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, form.equals(HARDWARE) ? null : word);
    return factory.getKeyManagers();
  }
}
