output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "name" {
  description = "Name of the bucket, after its policy is attached."
  value       = aws_s3_bucket.this.bucket

  # S3 can deliver access logs only after the policy allows it.
  depends_on = [aws_s3_bucket_policy.this]
}
