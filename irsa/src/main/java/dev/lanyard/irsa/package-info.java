/**
 * IAM roles for service accounts (IRSA): {@link dev.lanyard.irsa.IrsaCredentialsProvider} exchanges
 * the pod's web identity token for session credentials at AWS STS, and keeps them fresh.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.irsa;
