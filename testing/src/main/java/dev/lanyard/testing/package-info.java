/**
 * Fakes of an EKS cluster's identity plane, in-process and on loopback: an OIDC issuer, an STS, a
 * Pod Identity agent, and pods that are given what EKS would give them. They accept and refuse for
 * the reasons for which the real ones do. Start with {@link dev.lanyard.testing.FakeEks#start}.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.testing;
