output "bucket_name" {
  description = "Bucket that the page's files belong in."
  value       = module.bucket.name
}

output "distribution_domain" {
  description = "What a domain of one's own must point to, by CNAME or alias."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "origin" {
  description = "Origin of the page, such as https://photos.example.com."
  value       = var.domain_name == null ? "https://${aws_cloudfront_distribution.this.domain_name}" : "https://${var.domain_name}"
}
