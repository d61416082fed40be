output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "name" {
  description = "Name of the bucket, once its policy stands."
  value       = aws_s3_bucket.this.bucket

  # S3 delivers access logs only where the policy lets it.
  depends_on = [aws_s3_bucket_policy.this]
}
