output "bucket_name" {
  description = "Name of the bucket for shared photos."
  value       = module.bucket.name
}

output "distribution_arn" {
  description = "ARN of the distribution of shared photos."
  value       = aws_cloudfront_distribution.this.arn
}

output "distribution_domain" {
  description = "Domain of the CloudFront distribution, for a CNAME or alias record of a custom domain."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "url" {
  description = "URL of shared photos, such as https://shared.example.com."
  value       = var.domain_name == null ? "https://${aws_cloudfront_distribution.this.domain_name}" : "https://${var.domain_name}"
}
