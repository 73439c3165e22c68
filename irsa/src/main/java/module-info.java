import org.jspecify.annotations.NullMarked;

/**
 * IAM roles for service accounts (IRSA): exchanges the pod's web identity token for session
 * credentials at AWS STS.
 */
@NullMarked
module dev.lanyard.irsa {
  requires transitive dev.lanyard;
  requires transitive software.amazon.awssdk.services.sts;
  requires software.amazon.awssdk.auth;
  requires software.amazon.awssdk.awscore;
  requires software.amazon.awssdk.core;
  requires software.amazon.awssdk.endpoints;
  requires software.amazon.awssdk.http;
  requires software.amazon.awssdk.profiles;
  requires software.amazon.awssdk.protocols.jsoncore;
  requires software.amazon.awssdk.regions;
  requires static org.jspecify;

  exports dev.lanyard.irsa;

  provides dev.lanyard.RoleChaining with
      dev.lanyard.irsa.internal.StsRoleChaining;
  provides dev.lanyard.spi.CredentialsSource with
      dev.lanyard.irsa.internal.IrsaSource;
}
