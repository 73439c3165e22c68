/**
 * A small service on EKS: it keeps the text of its orders in S3 and what is known of them in a
 * DynamoDB table, with one set of credentials for both.
 */
@NullMarked
package dev.lanyard.samples.orders;

import org.jspecify.annotations.NullMarked;
