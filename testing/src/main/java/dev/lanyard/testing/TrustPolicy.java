package dev.lanyard.testing;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Who may assume a role: an IAM trust policy document, evaluated as IAM evaluates it. Immutable.
 *
 * <p>Effect, Principal, Action and Condition count: an explicit Deny wins, several values of a
 * condition key are alternatives, several keys or operators must all hold, and an asterisk is a
 * wildcard for {@code StringLike} but a plain character for {@code StringEquals}. Source: IAM user
 * guide, reference_policies_elements_condition_operators and
 * reference_policies_multi-value-conditions.
 *
 * @since 0.1
 */
public final class TrustPolicy {
  private static final Set<String> ELEMENTS = Set.of("Version", "Id", "Statement");

  private final String json;
  private final List<TrustStatement> statements;

  private TrustPolicy(String json, List<TrustStatement> statements) {
    this.json = json;
    this.statements = List.copyOf(statements);
  }

  /**
   * Reads a trust policy document, such as the one that {@code aws iam create-role} is given.
   *
   * @param json the document
   * @return the policy
   * @throws IllegalArgumentException if it is no such document, or if it holds an element, a
   *     principal or a condition operator that this fake does not evaluate: no condition is ever
   *     overlooked
   */
  public static TrustPolicy of(String json) {
    Map<String, Object> document;
    try {
      document = Json.object(Objects.requireNonNull(json, "json"));
    } catch (ParseException e) {
      throw new IllegalArgumentException("The trust policy is not a JSON object", e);
    }
    for (String element : document.keySet()) {
      if (!ELEMENTS.contains(element)) {
        throw new IllegalArgumentException("A trust policy has no element " + element);
      }
    }
    Object statement = document.get("Statement");
    List<TrustStatement> statements = new ArrayList<>();
    for (Object each : statement instanceof List<?> list ? list : Arrays.asList(statement)) {
      if (!(each instanceof Map<?, ?> parts)) {
        throw new IllegalArgumentException("Statement is an object or an array of objects");
      }
      statements.add(TrustStatement.parse(parts));
    }
    if (statements.isEmpty()) {
      throw new IllegalArgumentException("Statement is empty");
    }
    return new TrustPolicy(json, statements);
  }

  /**
   * Returns what IRSA needs: the cluster's OIDC provider may assume the role with a web identity
   * token of this service account. The condition names the subject and the audience {@code
   * sts.amazonaws.com}. Source: EKS user guide, associate-service-account-role.
   *
   * @param eks the cluster
   * @param namespace the service account's namespace
   * @param serviceAccount the service account's name; for a pattern, write the document and give it
   *     to {@link #of}
   * @return a policy with one statement
   * @throws IllegalArgumentException if Kubernetes would not accept one of the names
   */
  public static TrustPolicy forServiceAccount(
      FakeEks eks, String namespace, String serviceAccount) {
    return forServiceAccount(eks.issuer().providerArn(), eks, namespace, serviceAccount);
  }

  /**
   * As {@link #forServiceAccount(FakeEks, String, String)}, for a role of another account: by the
   * OIDC provider of that account, which {@link FakeIssuer#registerIn} creates.
   *
   * @param providerArn the ARN of the provider
   * @param eks the cluster
   * @param namespace the service account's namespace
   * @param serviceAccount the service account's name
   * @return a policy with one statement
   * @throws IllegalArgumentException if Kubernetes would not accept one of the names
   */
  public static TrustPolicy forServiceAccount(
      String providerArn, FakeEks eks, String namespace, String serviceAccount) {
    String issuer = eks.issuer().hostAndPath();
    ServiceAccount account = new ServiceAccount(namespace, serviceAccount);
    return of(
        """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Federated": "%s"
              },
              "Action": "sts:AssumeRoleWithWebIdentity",
              "Condition": {
                "StringEquals": {
                  "%s:sub": "%s",
                  "%s:aud": "sts.amazonaws.com"
                }
              }
            }
          ]
        }
        """
            .formatted(providerArn, issuer, account.subject(), issuer));
  }

  /**
   * Returns what Pod Identity needs: {@code pods.eks.amazonaws.com} may assume the role and tag the
   * session. Source: EKS user guide, pod-id-role.
   *
   * @return a policy with one statement
   */
  public static TrustPolicy forPodIdentity() {
    return of(
        """
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Principal": {
                "Service": "pods.eks.amazonaws.com"
              },
              "Action": [
                "sts:AssumeRole",
                "sts:TagSession"
              ]
            }
          ]
        }
        """);
  }

  /**
   * Returns what role chaining needs: a session of this role may assume the role and tag the
   * session. A policy that lets it set a source identity too, or that asks for tags, is given to
   * {@link #of}. Source: IAM user guide, id_session-tags.
   *
   * @param principalArn a role's ARN, or {@code arn:aws:iam::ACCOUNT:root} for all of an account
   * @return a policy with one statement
   */
  public static TrustPolicy forRole(String principalArn) {
    return forRole(principalArn, "");
  }

  /**
   * As {@link #forRole(String)}, for those who know the external id.
   *
   * @param principalArn a role's ARN, or {@code arn:aws:iam::ACCOUNT:root} for all of an account
   * @param externalId what a request has to name; empty for none
   * @return a policy with one statement
   */
  public static TrustPolicy forRole(String principalArn, String externalId) {
    Map<String, Object> statement = new LinkedHashMap<>();
    statement.put("Effect", "Allow");
    statement.put("Principal", Map.of("AWS", principalArn));
    statement.put("Action", List.of("sts:AssumeRole", "sts:TagSession"));
    if (!externalId.isEmpty()) {
      statement.put("Condition", Map.of("StringEquals", Map.of("sts:ExternalId", externalId)));
    }
    return of(
        JSONObjectUtils.toJSONString(
            Map.of("Version", "2012-10-17", "Statement", List.of(statement))));
  }

  /**
   * Returns the document.
   *
   * @return JSON, as it was given to {@link #of}
   */
  public String json() {
    return json;
  }

  List<TrustStatement> statements() {
    return statements;
  }

  @Override
  public String toString() {
    return json;
  }
}
