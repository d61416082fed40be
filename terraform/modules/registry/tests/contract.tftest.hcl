mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  repositories = {
    tag = {
      name         = "gallery-tag"
      function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:gallery-tag"
    }
  }
}

run "refuses_to_keep_only_one_image" {
  command = plan

  variables { kept_images = 1 }

  expect_failures = [var.kept_images]
}
