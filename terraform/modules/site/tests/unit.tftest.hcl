mock_provider "aws" {
  override_during = plan

  mock_resource "aws_cloudfront_distribution" {
    defaults = {
      arn         = "arn:aws:cloudfront::123456789012:distribution/E1234567890ABC"
      domain_name = "d1234567890abc.cloudfront.net"
    }
  }

  mock_resource "aws_cloudfront_origin_access_control" {
    defaults = { id = "E2QWRUHAPOMQZL" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name        = "gallery"
  bucket_name = "gallery-site-123456789012-eu-west-1"
  config      = { region = "eu-west-1", api_url = "https://api.example.com/v1" }
  headers = {
    "Content-Security-Policy"    = "default-src 'none'"
    "Cross-Origin-Opener-Policy" = "same-origin"
    "Permissions-Policy"         = "camera=()"
    "Referrer-Policy"            = "no-referrer"
    "Strict-Transport-Security"  = "max-age=63072000"
    "X-Content-Type-Options"     = "nosniff"
  }
}

run "cloudfront_reads_the_bucket_with_signed_requests" {
  command = plan

  assert {
    condition = (
      one(aws_cloudfront_distribution.this.origin).domain_name == "gallery-site-123456789012-eu-west-1.s3.eu-west-1.amazonaws.com" &&
      one(aws_cloudfront_distribution.this.origin).origin_access_control_id == "E2QWRUHAPOMQZL"
    )
    error_message = "The origin must be the bucket's regional domain name, with the origin access control."
  }

  assert {
    condition = (
      aws_cloudfront_origin_access_control.this.origin_access_control_origin_type == "s3" &&
      aws_cloudfront_origin_access_control.this.signing_behavior == "always" &&
      aws_cloudfront_origin_access_control.this.signing_protocol == "sigv4"
    )
    error_message = "CloudFront must sign every request, even if the client sends a signature."
  }
}

run "requires_tls" {
  command = plan

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "HTTP must be redirected to HTTPS."
  }

  assert {
    condition     = length(aws_cloudfront_distribution.this.ordered_cache_behavior) == 0
    error_message = "There must be no other cache behaviors."
  }
}

run "allows_read_methods_only" {
  command = plan

  assert {
    condition     = toset(aws_cloudfront_distribution.this.default_cache_behavior[0].allowed_methods) == toset(["GET", "HEAD"])
    error_message = "Only GET and HEAD must be allowed."
  }
}

run "every_header_is_in_the_block_that_cloudfront_requires" {
  command = plan

  assert {
    condition = (
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].content_security_policy[0].content_security_policy == "default-src 'none'" &&
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].referrer_policy[0].referrer_policy == "no-referrer" &&
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].strict_transport_security[0].access_control_max_age_sec == 63072000 &&
      aws_cloudfront_response_headers_policy.this.security_headers_config[0].content_type_options[0].override
    )
    error_message = "Security headers must be in their own blocks."
  }

  assert {
    condition = { for item in aws_cloudfront_response_headers_policy.this.custom_headers_config[0].items : item.header => item.value } == {
      "Cross-Origin-Opener-Policy" = "same-origin"
      "Permissions-Policy"         = "camera=()"
    }
    error_message = "All other headers must be custom headers."
  }
}

run "a_missing_object_returns_404" {
  command = plan

  assert {
    condition = (
      one(aws_cloudfront_distribution.this.custom_error_response).error_code == 403 &&
      one(aws_cloudfront_distribution.this.custom_error_response).response_code == 404
    )
    error_message = "S3's 403 must be returned as 404."
  }
}

run "config_json_is_never_cached" {
  command = plan

  assert {
    condition = (
      aws_s3_object.config.key == "config.json" &&
      aws_s3_object.config.content_type == "application/json" &&
      aws_s3_object.config.cache_control == "no-cache" &&
      jsondecode(aws_s3_object.config.content) == { region = "eu-west-1", api_url = "https://api.example.com/v1" }
    )
    error_message = "config.json must contain var.config and must not be cached."
  }
}

run "cloudfronts_domain_is_the_origin" {
  command = plan

  assert {
    condition     = output.origin == "https://d1234567890abc.cloudfront.net"
    error_message = "Without domain_name the origin must be CloudFront's domain."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].cloudfront_default_certificate && length(aws_cloudfront_distribution.this.aliases) == 0
    error_message = "CloudFront's domain must use CloudFront's certificate."
  }
}

run "a_custom_domain_is_the_origin_and_requires_tls_1_2" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
    domain_name     = "photos.example.com"
  }

  assert {
    condition     = output.origin == "https://photos.example.com" && aws_cloudfront_distribution.this.aliases == toset(["photos.example.com"])
    error_message = "The origin must be domain_name."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.this.viewer_certificate[0].acm_certificate_arn == "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab" &&
      aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" &&
      aws_cloudfront_distribution.this.viewer_certificate[0].ssl_support_method == "sni-only"
    )
    error_message = "The custom domain must use its certificate and TLS 1.2 or later."
  }
}
