package dev.lanyard.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/**
 * Says which pod a test is about. It brings the {@link EksExtension} along.
 *
 * <ul>
 *   <li>On a parameter of type {@link FakePod}: that pod, made for the test.
 *   <li>On a test method or its class: the test runs as if the process were in that pod. The system
 *       properties by which the AWS SDK for Java and this library read what a pod has are set
 *       before each test, so that production code builds its clients as it always does, and
 *       restored after it; those that would tell of other credentials are cleared for so long, and
 *       the machine's profiles in {@code ~/.aws} are out of sight. The annotation holds JUnit's
 *       lock on system properties, so that such tests run one at a time. A {@code FakePod}
 *       parameter without the annotation is this pod.
 * </ul>
 *
 * <p>Environment variables cannot be set: where the machine itself has some, they stay. Where it
 * has {@code AWS_ACCESS_KEY_ID}, the SDK's own default chain finds that first, and where it is a
 * pod with IRSA itself, {@code AWS_ROLE_ARN} is seen in tests of Pod Identity.
 *
 * @since 0.1
 */
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.PARAMETER})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(EksExtension.class)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
public @interface InPod {
  /**
   * Returns the service account as which the pod runs.
   *
   * @return namespace, slash, name
   */
  String serviceAccount() default "default/default";

  /**
   * Returns the role that the service account's annotation names. A role that is not there is
   * created, and trusts the service account.
   *
   * @return the role's name, with its path if it has one; empty for no IRSA
   */
  String irsa() default "";

  /**
   * Returns the role that the service account is associated with. A role that is not there is
   * created, and trusts Pod Identity.
   *
   * @return the role's name, with its path if it has one; empty for no Pod Identity
   */
  String podIdentity() default "";
}
