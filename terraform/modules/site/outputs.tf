output "bucket_name" {
  description = "Name of the bucket for the page's files."
  value       = module.bucket.name
}

output "distribution_domain" {
  description = "Domain of the CloudFront distribution, for a CNAME or alias record of a custom domain."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "origin" {
  description = "Origin of the page, such as https://photos.example.com."
  value       = var.domain_name == null ? "https://${aws_cloudfront_distribution.this.domain_name}" : "https://${var.domain_name}"
}
