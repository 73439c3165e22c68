/**
 * What a source of credentials implements, and what it is given: {@link
 * dev.lanyard.spi.CredentialsSource} detects, {@link dev.lanyard.spi.CredentialsExchange}
 * exchanges.
 */
@org.jspecify.annotations.NullMarked
package dev.lanyard.spi;
