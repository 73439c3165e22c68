package dev.lanyard.irsa.internal;

import dev.lanyard.runtime.Environment;
import dev.lanyard.spi.CredentialsSource;
import dev.lanyard.spi.Detection;
import java.util.Optional;

/**
 * IAM roles for service accounts, as a source of the chain. An application has no need of it:
 * {@link java.util.ServiceLoader} finds it for {@code EksCredentialsProvider}, which also knows it
 * by this class's name, and {@link IrsaCredentialsProvider} asks it alone. It is public because a
 * service provider has to be.
 *
 * <p>It is present where a role ARN ({@code aws.roleArn}, {@code AWS_ROLE_ARN}) and a token file
 * ({@code aws.webIdentityTokenFile}, {@code AWS_WEB_IDENTITY_TOKEN_FILE}) are both named, and
 * broken where only one of them is, where one is malformed, or where the settings that choose the
 * STS endpoint contradict each other. Whether the token file is there is not looked at: the kubelet
 * may still be writing it. The exchange says so if it is missing.
 *
 * <p>What detection reads is what the exchange works with from then on, but for the token file,
 * which is read at every attempt, and for what the JVM itself reads of its own system properties:
 * those of TLS ({@code javax.net.ssl}) and of its network. All of it is evidence of the identity.
 * Where the application hands in an STS client, or a token file of another file system, which facts
 * cannot describe, the evidence equals no other.
 *
 * <p>Detecting reads the environment only, and loads no class of the SDK's {@code sts} module: an
 * application that has excluded that learns of it from the exchange. Immutable, for use by many
 * threads.
 */
public final class IrsaSource implements CredentialsSource {
  /** The AWS SDKs look for a web identity token before they look for container credentials. */
  private static final int PRECEDENCE = 100;

  private final IrsaOptions options;

  /** Creates the source that leaves all to the environment. */
  public IrsaSource() {
    this(IrsaOptions.NONE);
  }

  public IrsaSource(IrsaOptions options) {
    this.options = options;
  }

  /**
   * Returns the source's name.
   *
   * @return {@code irsa}
   */
  @Override
  public String name() {
    return "irsa";
  }

  /**
   * Returns the source's place in the chain.
   *
   * @return 100, before Pod Identity
   */
  @Override
  public int precedence() {
    return PRECEDENCE;
  }

  /**
   * Looks for a role ARN and a token file.
   *
   * @param environment all that is looked at
   * @return what was found; it repeats role ARNs and paths, never a secret
   */
  @Override
  public Detection detect(Environment environment) {
    try {
      Optional<IrsaSettings> settings = IrsaSettings.read(environment, options);
      return settings.isPresent()
          ? Detection.present(new IrsaExchange(settings.get()), settings.get().evidence())
          : Detection.absent(IrsaSettings.LOOKED_FOR);
    } catch (InvalidSettingException e) {
      return Detection.broken(e.problem());
    }
  }

  @Override
  public String toString() {
    return "IrsaSource";
  }
}
