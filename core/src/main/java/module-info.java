import org.jspecify.annotations.NullMarked;

/**
 * AWS credentials for Java on Amazon EKS: the refresh engine, the chain of credentials sources, the
 * interface that a source implements, and diagnostics.
 */
@NullMarked
module dev.lanyard {
  requires transitive software.amazon.awssdk.auth;
  requires transitive software.amazon.awssdk.core;
  requires transitive software.amazon.awssdk.identity.spi;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.lanyard;
  exports dev.lanyard.diagnosis;
  exports dev.lanyard.runtime;
  exports dev.lanyard.spi;

  uses dev.lanyard.RoleChaining;
  uses dev.lanyard.spi.CredentialsSource;
}
